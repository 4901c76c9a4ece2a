"""The modals, one module and at most one stylesheet each; a dialog knows neither pages nor other dialogs."""
