#include "exo_about.h"

#ifndef EXO_SOURCES
#define EXO_SOURCES "" /* compiled by hand */
#endif

const char *exo_about_sources(void) { return EXO_SOURCES; }
