"""The screens and modals, one module and one stylesheet each."""
