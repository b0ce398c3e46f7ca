"""Letters to debtors (brev): what they state, how they read, and how they travel. No rule of when or how much."""
