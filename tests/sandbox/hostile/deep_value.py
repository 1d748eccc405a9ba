# Returns a value nested so deeply that whoever compares it breaks.
def solve(n):
    value = []
    for _ in range(100_000):
        value = [value]
    return value
