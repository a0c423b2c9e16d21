package policies.lib

# METADATA
# description: |
#   How large a difference may be: the end of its interval that is farther
#   from zero. A point value says nothing about those who were not sampled.
worst_difference(value, low, high) := max({abs(value), abs(low), abs(high)})

# METADATA
# description: |
#   How small a ratio of two rates may be, whichever of the two stands above
#   the line: a ratio of 1.25 is as far from parity as one of 0.8.
worst_ratio(value, low, high) := min({value, low} | {y | some x in [value, high]; x > 1; y := 1 / x})
