/* All that the core asks of a C library, for a machine that has none; the functions come with the compiler. */
#ifndef SMALL_STRING_H
#define SMALL_STRING_H

#include <stddef.h>

void *memcpy(void *to, const void *from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *left, const void *right, size_t length);
size_t strlen(const char *text);

#endif
