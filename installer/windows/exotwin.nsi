; The installer for Windows: for this user (the default) or, by an administrator, for all users of the PC.
;   exotwin-setup.exe /S [/CurrentUser | /AllUsers] [/D=C:\folder]
; Patients and results lie in the users' own folders and are never touched.
Target amd64-unicode
Unicode true
!define MULTIUSER_EXECUTIONLEVEL Highest
!define MULTIUSER_INSTALLMODE_DEFAULT_CURRENTUSER
!define MULTIUSER_INSTALLMODE_COMMANDLINE
!define MULTIUSER_INSTALLMODE_INSTDIR "ExoTwin"
!define MULTIUSER_USE_PROGRAMFILES64
!define MULTIUSER_MUI
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\ExoTwin"
!define TYPE "ExoTwin.Package"
!include MultiUser.nsh
!include MUI2.nsh
!include x64.nsh

Name "ExoTwin"
OutFile "${OUT}"
VIProductVersion "${VERSION}.0"
VIAddVersionKey ProductName "ExoTwin"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey FileDescription "ExoTwin setup"
VIAddVersionKey LegalCopyright "Apache-2.0"
SetCompressor zlib ; small enough; lzma would take a quarter of an hour
!define MUI_ICON "${PAYLOAD}\exotwin.ico"
!define MUI_UNICON "${PAYLOAD}\exotwin.ico"
!insertmacro MULTIUSER_PAGE_INSTALLMODE
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

; Only folders that ExoTwin itself made: the person may have chosen one with other files in it.
!macro REMOVE_PROGRAM
  RMDir /r "$INSTDIR\app"
  RMDir /r "$INSTDIR\core"
  RMDir /r "$INSTDIR\ui"
  RMDir /r "$INSTDIR\resources"
  RMDir /r "$INSTDIR\lib"
  RMDir /r "$INSTDIR\python"
  Delete "$INSTDIR\exotwin.exe"
  Delete "$INSTDIR\exotwin-window.exe"
  Delete "$INSTDIR\exotwin.ico"
  Delete "$INSTDIR\manual.html"
  Delete "$INSTDIR\LICENSE"
  Delete "$INSTDIR\CHANGELOG.md"
  Delete "$INSTDIR\THIRD-PARTY-NOTICES.txt"
  Delete "$INSTDIR\sbom.cdx.json"
!macroend

; A file of a running program cannot be removed; then nothing is changed.
!macro REFUSE_WHILE_RUNNING
  ClearErrors
  Delete "$INSTDIR\python\python3*.dll"
  ${If} ${Errors}
    MessageBox MB_ICONSTOP|MB_OK "ExoTwin is running. Close it, then try again." /SD IDOK
    SetErrorLevel 2
    Quit
  ${EndIf}
!macroend

Function .onInit
  ${IfNot} ${RunningX64}
    MessageBox MB_ICONSTOP|MB_OK "ExoTwin needs 64-bit Windows 10 or 11." /SD IDOK
    SetErrorLevel 2
    Quit
  ${EndIf}
  !insertmacro MULTIUSER_INIT
  ; The folder ExoTwin beside Programs holds the patients and results of this user.
  ${If} $MultiUser.InstallMode == "CurrentUser"
  ${AndIf} "$INSTDIR" == "$LOCALAPPDATA\ExoTwin"
    StrCpy $INSTDIR "$LOCALAPPDATA\Programs\ExoTwin"
  ${EndIf}
FunctionEnd

Function un.onInit
  !insertmacro MULTIUSER_UNINIT
FunctionEnd

Section
  !insertmacro REFUSE_WHILE_RUNNING
  !insertmacro REMOVE_PROGRAM
  SetOutPath "$INSTDIR"
  File /r "${PAYLOAD}\*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateDirectory "$SMPROGRAMS\ExoTwin"
  CreateShortcut "$SMPROGRAMS\ExoTwin\ExoTwin.lnk" "$INSTDIR\exotwin-window.exe" "" "$INSTDIR\exotwin.ico"
  CreateShortcut "$SMPROGRAMS\ExoTwin\ExoTwin with a demo patient.lnk" "$INSTDIR\exotwin-window.exe" "--demo" "$INSTDIR\exotwin.ico"
  CreateShortcut "$SMPROGRAMS\ExoTwin\ExoTwin manual.lnk" "$INSTDIR\manual.html"
  WriteRegStr SHCTX "Software\Classes\.exopkg" "" "${TYPE}"
  WriteRegStr SHCTX "Software\Classes\${TYPE}" "" "Exoskeleton controller package"
  WriteRegStr SHCTX "Software\Classes\${TYPE}\DefaultIcon" "" "$INSTDIR\exotwin.ico"
  WriteRegStr SHCTX "Software\Classes\${TYPE}\shell\open\command" "" '"$INSTDIR\exotwin-window.exe" open "%1"'
  WriteRegStr SHCTX "${UNINSTALL}" "DisplayName" "ExoTwin"
  WriteRegStr SHCTX "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr SHCTX "${UNINSTALL}" "DisplayIcon" "$INSTDIR\exotwin.ico"
  WriteRegStr SHCTX "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr SHCTX "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe" /$MultiUser.InstallMode'
  WriteRegStr SHCTX "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /$MultiUser.InstallMode /S'
  WriteRegDWORD SHCTX "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD SHCTX "${UNINSTALL}" "NoRepair" 1
SectionEnd

Section "Uninstall"
  !insertmacro REFUSE_WHILE_RUNNING
  !insertmacro REMOVE_PROGRAM
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\ExoTwin\ExoTwin.lnk"
  Delete "$SMPROGRAMS\ExoTwin\ExoTwin with a demo patient.lnk"
  Delete "$SMPROGRAMS\ExoTwin\ExoTwin manual.lnk"
  RMDir "$SMPROGRAMS\ExoTwin"
  DeleteRegKey SHCTX "${UNINSTALL}"
  DeleteRegKey SHCTX "Software\Classes\.exopkg"
  DeleteRegKey SHCTX "Software\Classes\${TYPE}"
SectionEnd
