"""The pages, one module and one stylesheet each; a page knows no other page."""
