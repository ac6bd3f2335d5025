def print_summary(home,outcome): print(outcome)
def print_failure(outcome,home): print(outcome)
