#ifndef LS_PROCESS_H
#define LS_PROCESS_H

/// From now on an end of the process ends it at once, once its output is flushed: libraries are not asked to end. OpenBLAS waits for ever
/// for a thread that could not allocate its buffer.
void ls_end_at_once(void);

/// From now on an abort, which a failed allocation ends in, writes a line on standard error and ends the process with a code.
///
/// The text is not copied and must stay.
void ls_explain_abort(const char *text, int code);

/// From now on the process keeps memory that it frees, for what it allocates next: pages that are given back to the system and taken anew are
/// filled with zeros again, which takes longer than most that is done with them. (glibc; nothing elsewhere.)
void ls_keep_memory(void);

#endif
