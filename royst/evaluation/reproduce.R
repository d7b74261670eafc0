# Recomputes the published estimates from the answers with R's survey package, for a sceptic who may see the answers.
# Run in the folder it stands in:  Rscript reproduce.R     (needs R with the package survey)
# Reads answers-<wave>.csv, plan.csv, design.csv (none of them for publication) and ../public/tables/estimates.csv.
# Ends with status 0 when every published estimate and standard error is met to the last published digit, else 1.

suppressPackageStartupMessages(library(survey))
arguments <- commandArgs(trailingOnly = TRUE)
tables <- if (length(arguments) > 0) arguments[1] else file.path("..", "public", "tables")
as_text <- function(file) read.csv(file, colClasses = "character", na.strings = "", encoding = "UTF-8", check.names = FALSE)
words <- function(text) if (is.na(text)) character(0) else strsplit(text, "|", fixed = TRUE)[[1]]

design_rows <- as_text("design.csv")
options(survey.lonely.psu = design_rows$lonely[1])
plan <- as_text("plan.csv")
published <- as_text(file.path(tables, "estimates.csv"))
published <- published[published$status == "published", ]

make_design <- function(wave) {
  people <- as_text(paste0("answers-", wave, ".csv"))
  people$.weight <- as.numeric(people[["_weight"]])
  people$.stratum <- people[["_stratum"]]
  people$.psu <- people[["_psu"]]
  if (!is.null(people[["_fpc"]])) people$.fpc <- as.numeric(people[["_fpc"]])
  stratified <- length(unique(people$.stratum)) > 1
  svydesign(
    ids = ~.psu, strata = if (stratified) ~.stratum else NULL, weights = ~.weight,
    fpc = if (is.null(people[["_fpc"]])) NULL else ~.fpc, data = people
  )
}

# Each answer's score on the measure: a number, or NA where the answer is not in the denominator.
scored <- function(people, row) {
  score_of <- function(answers, pairs) {
    parts <- strsplit(pairs, "=", fixed = TRUE)
    table <- setNames(as.numeric(vapply(parts, `[`, "", 2)), vapply(parts, `[`, "", 1))
    unname(table[answers])
  }
  if (row$measure == "index") {
    items <- words(row$values)
    by_item <- strsplit(words(row$scores), ":", fixed = TRUE)
    columns <- sapply(by_item, function(part) {
      pairs <- strsplit(part[2], ",", fixed = TRUE)[[1]]
      numbers <- as.numeric(sub(".*=", "", pairs))
      100 * (score_of(people[[part[1]]], pairs) - min(numbers)) / (max(numbers) - min(numbers))
    })
    enough <- rowSums(!is.na(columns)) >= as.numeric(row$at_least) * length(items)
    return(ifelse(enough, rowMeans(columns, na.rm = TRUE), NA))
  }
  answers <- people[[row$item]]
  if (row$measure == "mean" && is.na(row$scores)) return(as.numeric(answers))
  if (row$measure == "mean") return(score_of(answers, words(row$scores)))
  inside <- answers %in% words(row$denominator)
  ifelse(inside, as.numeric(answers %in% words(row$values)), NA)
}

# Everybody counted with another wave's mix: the population's column says what each counts; what is brought to it by the same
# factor is a cell whose total is held.
is_mix <- function(population) startsWith(population, "mix:")
with_mix <- function(design, population) {
  if (!is_mix(population)) return(design)
  counted <- as.numeric(design$variables[[population]])
  design$variables$.cell <- factor(signif(counted / design$variables$.weight, 9))
  held <- tapply(counted, design$variables$.cell, sum)
  postStratify(design, ~.cell, data.frame(.cell = names(held), Freq = as.numeric(held)))
}

# Any other population but "all" has a column of its own that says yes for whom it holds.
in_domain <- function(people, population, domain) {
  keep <- if (population == "all" || is_mix(population)) rep(TRUE, nrow(people)) else people[[population]] %in% "yes"
  if (domain == "all") return(keep)
  for (part in strsplit(domain, ";", fixed = TRUE)[[1]]) {
    pair <- strsplit(part, "=", fixed = TRUE)[[1]]
    keep <- keep & people[[pair[1]]] %in% pair[2]
  }
  keep
}

compared <- 0
worst <- 0
for (wave in unique(published$wave)) {
  if (!file.exists(paste0("answers-", wave, ".csv"))) next
  design <- make_design(wave)
  rows <- published[published$wave == wave & published$population %in% c("all", names(design$variables)), ]
  plans <- plan[plan$wave == wave, ]
  for (item in unique(rows$item)) {
    mine <- plans[plans$item == item, ]
    scores <- lapply(seq_len(nrow(mine)), function(i) scored(design$variables, mine[i, ]))
    places <- unique(rows[rows$item == item, c("population", "domain")])
    for (place in seq_len(nrow(places))) {
      population <- places$population[place]
      domain <- places$domain[place]
      inside <- in_domain(design$variables, population, domain)
      wanted <- rows[rows$item == item & rows$population == population & rows$domain == domain, ]
      for (measure in unique(wanted$measure)) {
        of_measure <- wanted[wanted$measure == measure, ]
        at <- which(mine$measure == measure)
        at <- at[match(ifelse(is.na(of_measure$category), "", of_measure$category), ifelse(is.na(mine$category[at]), "", mine$category[at]))]
        values <- do.call(cbind, scores[at])
        keep <- inside & !is.na(values[, 1])
        colnames(values) <- paste0("v", seq_along(at))
        part <- with_mix(design, population)
        part$variables <- data.frame(values)
        result <- svymean(as.formula(paste("~", paste(colnames(values), collapse = "+"))), subset(part, keep))
        factor <- if (measure %in% c("share", "band", "not_relevant")) 100 else 1
        half <- 0.5 * 10^-as.numeric(of_measure$decimals) + 1e-9
        gap <- abs(factor * as.numeric(coef(result)) - as.numeric(of_measure$estimate))
        gap_se <- abs(factor * as.numeric(SE(result)) - as.numeric(of_measure$se))
        gap_se[is.na(gap_se)] <- 0
        compared <- compared + nrow(of_measure)
        bad <- which(gap > half | gap_se > half)
        for (i in bad) cat("differs:", wave, item, measure, of_measure$category[i], domain, "by", gap[i], "and standard error by", gap_se[i], "\n")
        worst <- worst + length(bad)
      }
    }
  }
}
cat(compared, "published estimates recomputed with R", as.character(getRversion()), "survey", as.character(packageVersion("survey")), "-", worst, "differ\n")
quit(status = if (worst > 0 || compared == 0) 1 else 0)
