"""The shell: HTTP, wiring, ticking, delivering, pages. The only package that knows all others."""
