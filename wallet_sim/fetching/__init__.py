"""All that asks the issuer or waits for it, and the wallet's file. It knows no visit."""
