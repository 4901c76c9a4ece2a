@echo off
rem Opens the Centre de maintenance; with arguments, whatever tui-transfer is asked to do.
setlocal DisableDelayedExpansion
chcp 65001 >nul
title Transfert Urssaf
if exist "%~dp0donnees\" set "TUI_TRANSFER_HOME=%~dp0donnees"
if "%~1"=="" mode con: cols=120 lines=36 >nul 2>nul
"%~dp0python\python.exe" -m tui_transfer %*
set "code=%errorlevel%"
rem Only who double-clicked sees a window that would close on what it says; a scheduled task must end.
if not "%~1"=="" exit /b %code%
if "%code%"=="0" exit /b 0
echo.
echo Le programme s’est arrêté (code %code%). Ce qui est écrit ci-dessus dit pourquoi.
echo Appuyez sur une touche pour fermer cette fenêtre.
pause >nul
exit /b %code%
