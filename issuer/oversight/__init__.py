"""How staff are held to account: an audit in a hash chain, and the agreement of two officers."""
