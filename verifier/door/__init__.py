"""The decision: text, bundle, policy and time in, a verdict or a reason out. It only computes."""
