// Where the program's variables are, as its linker has laid them out (end(3)): those that begin with
// a value, and those that begin with zero. Null where a linker has other names for it. For the
// program only: in a dynamic library these names may be another file's.
#pragma once
extern char __data_start __attribute__((weak));
extern char _edata __attribute__((weak));
extern char __bss_start __attribute__((weak));
extern char _end __attribute__((weak));
static inline void *oair_data_start(void) { return &__data_start; }
static inline void *oair_data_end(void) { return &_edata; }
static inline void *oair_zeros_start(void) { return &__bss_start; }
static inline void *oair_zeros_end(void) { return &_end; }
