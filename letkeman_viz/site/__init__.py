"""The web app: the chapters served by Voila with our own template, and the command line that starts it."""
