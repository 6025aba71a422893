/* Which core this is. */
#ifndef EXO_ABOUT_H
#define EXO_ABOUT_H

/* SHA-256 over the sources it was compiled from, as hexadecimal text. */
const char *exo_about_sources(void);

#endif
