/* Loads the core of the exo as the program does, and runs the test vectors of a controller on it. */
#include <stdio.h>
#include <windows.h>

#include "exo_blob.h"

typedef const char *(*about)(void);
typedef exo_blob_error (*open_blob)(const uint8_t *, size_t, exo_blob *);
typedef exo_blob_error (*selftest)(const exo_blob *, exo_runtime_state *, uint8_t *);

static uint8_t data[EXO_BLOB_MAX_BYTES], sha[32];
static exo_runtime_state state;

int main(int count, char **given) {
    exo_blob blob;
    HMODULE core = LoadLibraryA(given[1]);
    FILE *file = count == 3 ? fopen(given[2], "rb") : NULL;
    if (core == NULL || file == NULL) {
        return 1;
    }
    const size_t length = fread(data, 1, sizeof data, file);
    const about sources = (about)(void *)GetProcAddress(core, "exo_about_sources");
    const open_blob opened = (open_blob)(void *)GetProcAddress(core, "exo_blob_open");
    const selftest run = (selftest)(void *)GetProcAddress(core, "exo_blob_selftest");
    if (opened(data, length, &blob) != EXO_BLOB_OK || run(&blob, &state, sha) != EXO_BLOB_OK) {
        return 2;
    }
    printf("%s ", sources());
    for (int at = 0; at < 32; at++) {
        printf("%02x", sha[at]);
    }
    printf("\n");
    return 0;
}
