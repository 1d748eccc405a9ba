# Returns a number whose digits take hours to write.
def solve(n):
    return 1 << (1 << 26)
