"""The screens: one module and one stylesheet each. The only room that imports textual."""
