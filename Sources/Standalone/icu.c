// An empty table in place of ICU's data, which Swift's Foundation brings along: 34 MB of languages and calendars that Landscape
// never reads. The layout is that of ICU's own stubdata: a header, then a table of contents without entries.
//
// ICU_DATA is the table's name, such as icudt76_dat. It carries ICU's version, so examples/standalone.sh looks it up.
#include <stdint.h>

struct information {
    uint16_t size, reserved;
    uint8_t isBigEndian, charsetFamily, sizeofUChar, reservedByte;
    uint8_t dataFormat[4], formatVersion[4], dataVersion[4];
};

struct table {
    uint16_t headerSize;
    uint8_t magic1, magic2;
    struct information information;
    char padding[8];
    uint32_t count, reserved;
};

_Alignas(16) __attribute__((visibility("hidden"))) const struct table ICU_DATA = {
    .headerSize = 32,
    .magic1 = 0xda,
    .magic2 = 0x27,
    .information = {.size = 20, .sizeofUChar = 2, .dataFormat = {'T', 'o', 'C', 'P'}, .formatVersion = {1}},
};
