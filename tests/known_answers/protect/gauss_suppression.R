# Secondary suppression of the designs of test_gauss_suppression.py by Statistics Norway's own function:
#   python tests/known_answers/protect/test_gauss_suppression.py > designs.json
#   Rscript tests/known_answers/protect/gauss_suppression.R designs.json tests/known_answers/protect/gauss_suppression.json
# Needs the R packages SSBtools and jsonlite.
library(SSBtools)
library(jsonlite)

files <- commandArgs(TRUE)
suppressed <- lapply(fromJSON(files[1], simplifyVector = FALSE), function(one) {
  x <- matrix(unlist(one$x), nrow = length(one$x), byrow = TRUE)
  cells <- lapply(one[c("candidates", "primary", "forced")], function(places) if (length(places)) unlist(places) + 1L)
  found <- suppressWarnings(GaussSuppression(x, cells$candidates, cells$primary, forced = cells$forced, singletonMethod = "none", printInc = FALSE))
  as.list(sort(found) - 1L)
})
write(toJSON(suppressed, auto_unbox = TRUE), files[2])
