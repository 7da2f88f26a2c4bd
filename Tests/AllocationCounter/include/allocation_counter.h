#pragma once

/// How often this thread has asked the C library for memory; −1 where that cannot be counted.
long allocation_count(void);

/// Pieces of memory that this thread has been given, less those that it has given back.
long allocation_balance(void);
