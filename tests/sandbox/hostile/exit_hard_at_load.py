# Ends at once with exit status 0, without cleaning up.
import os

os._exit(0)
