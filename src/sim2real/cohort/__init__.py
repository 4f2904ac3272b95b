"""Chapter 3: the real cohort, or its surrogate, and both domains on the analysis grid."""
