// Owns the search field. Filled in below.
