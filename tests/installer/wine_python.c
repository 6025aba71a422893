/* Stands for Python in tests of the installer: tells what it was started with, and whether a console is there. */
#include <stdio.h>
#include <windows.h>

int main(void) {
    char place[MAX_PATH];
    GetTempPathA(sizeof place, place);
    lstrcatA(place, "said.txt");
    FILE *file = fopen(place, "w");
    if (file == NULL) {
        return 1;
    }
    fprintf(file, "%s\n%s\n", GetCommandLineA(), GetConsoleWindow() == NULL ? "no console" : "console");
    fclose(file);
    return 7;
}
