/* Starts ExoTwin with the Python that lies beside it, and passes its arguments on.
 *
 * Compiled twice: as exotwin.exe for terminals, which waits and returns the exit status, and with -DWINDOW as
 * exotwin-window.exe for the Start menu, which opens no console. Only ExoTwin's own folder is looked into.
 */
#include <windows.h>

#define MOST 32768 /* characters of a command line, the limit of Windows */

#ifdef WINDOW
static const WCHAR PYTHON[] = L"\\python\\pythonw.exe";
#else
static const WCHAR PYTHON[] = L"\\python\\python.exe";
#endif

static WCHAR folder[MOST], command[MOST];

/* What stands behind the name of the program. */
static const WCHAR *arguments(const WCHAR *line) {
    const WCHAR end = *line == L'"' ? L'"' : L' ';
    line += *line == L'"';
    while (*line != 0 && *line != end) {
        line++;
    }
    return *line == L'"' ? line + 1 : line;
}

static int append(const WCHAR *text) {
    if (lstrlenW(command) + lstrlenW(text) >= MOST) {
        return 0;
    }
    lstrcatW(command, text);
    return 1;
}

static DWORD start(void) {
    STARTUPINFOW how;
    PROCESS_INFORMATION child;
    DWORD status = 1;
    WCHAR *last = folder;
    const DWORD length = GetModuleFileNameW(NULL, folder, MOST);
    if (length == 0 || length >= MOST) {
        return 1;
    }
    for (WCHAR *at = folder; *at != 0; at++) {
        last = *at == L'\\' ? at : last;
    }
    *last = 0;
    if (!append(L"\"") || !append(folder) || !append(PYTHON) || !append(L"\" -m app ") ||
        !append(arguments(GetCommandLineW()))) {
        return 1;
    }
    GetStartupInfoW(&how);
    if (!CreateProcessW(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &how, &child)) {
        MessageBoxW(NULL, L"ExoTwin cannot start: its Python is missing. Install ExoTwin again.", L"ExoTwin", MB_ICONERROR);
        return 1;
    }
#ifndef WINDOW
    SetConsoleCtrlHandler(NULL, TRUE); /* Ctrl+C is for the child, which ends cleanly */
    WaitForSingleObject(child.hProcess, INFINITE);
    GetExitCodeProcess(child.hProcess, &status);
#else
    status = 0;
#endif
    return status;
}

#ifdef WINDOW
int WINAPI WinMain(HINSTANCE self, HINSTANCE before, LPSTR line, int shown) {
    (void)self, (void)before, (void)line, (void)shown;
    return (int)start();
}
#else
int main(void) { return (int)start(); }
#endif
