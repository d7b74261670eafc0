# Known answers from R's survey package. Run from this folder:
#   python cases.py own > /tmp/cases.json && Rscript survey.R /tmp/cases.json . synthetic.json
# arguments: cases (JSON), folder of CSV files (data sets of the survey package are written there), file to write.
suppressMessages({library(survey); library(jsonlite)})
args <- commandArgs(trailingOnly = TRUE)
cases <- fromJSON(args[1], simplifyVector = TRUE, simplifyDataFrame = FALSE, simplifyMatrix = FALSE)
folder <- args[2]
rows <- list()
tests <- list()
add <- function(...) rows[[length(rows) + 1]] <<- list(...)
form <- function(names) if (length(names)) as.formula(paste("~", paste(names, collapse = "+"))) else NULL

read <- function(name) {
  path <- file.path(folder, paste0(name, ".csv"))
  if (!file.exists(path)) {
    sets <- c(apisrs = "api", apistrat = "api", apiclus1 = "api", apiclus2 = "api", election_pps = "election")
    e <- new.env()
    data(list = if (name %in% names(sets)) sets[[name]] else name, package = "survey", envir = e)
    x <- get(name, envir = e)
    if (name == "scd") x$w <- 1  # scd has no weights
    write.csv(x, path, row.names = FALSE, na = "")
  }
  read.csv(path, stringsAsFactors = FALSE, na.strings = c("", "NA"))
}

design_of <- function(spec, data) {
  if (!is.null(spec$singleton)) options(survey.lonely.psu = spec$singleton) else options(survey.lonely.psu = "fail")
  # R pairs a pps unit's fraction with its total by first appearance against sorted ids, so the rows must come sorted
  if (!is.null(spec$pps) && length(spec$psu)) data <- data[order(data[[spec$psu[1]]]), ]
  svydesign(ids = if (length(spec$psu)) form(spec$psu) else ~1, strata = form(spec$strata),
            probs = form(spec$probs), weights = form(spec$weight), fpc = form(spec$fpc), nest = isTRUE(spec$nest),
            pps = if (is.null(spec$pps)) FALSE else spec$pps, data = data)
}

one <- function(case, domain, d, spec) {
  w <- weights(d)
  # where every first-stage unit was taken the second stage's units and strata are counted, not those of degf
  below <- isTRUE(spec$df == "second stage")
  df_of <- function(d, w) if (below) length(unique(d$cluster[w != 0, 2])) - length(unique(d$strata[w != 0, 2])) else degf(d)
  df <- df_of(d, w)
  deff <- if (is.null(spec$deff)) TRUE else switch(spec$deff, replace = "replace", none = FALSE,
    auto = if (min(w[w > 0]) >= 1 && spec$expands) TRUE else "replace")
  put <- function(measure, item, category, m, ci, kind, extra = NULL) {
    de <- if (is.logical(deff) && !deff) NA else tryCatch(as.numeric(survey::deff(m))[1], error = function(e) NA)
    add(case = case, domain = domain, measure = measure, item = item, category = category,
        estimate = as.numeric(coef(m))[1], se = as.numeric(SE(m))[1], df = df, interval = kind,
        low = ci[1], high = ci[2], deff = de, capped = isTRUE(extra))
  }
  wald <- function(m) as.numeric(confint(m, df = df))[1:2]
  for (x in spec$means) {
    m <- svymean(form(sprintf("`%s`", x)), d, na.rm = TRUE, deff = deff); put("mean", x, "", m, wald(m), "wald")
  }
  for (x in spec$totals) {
    m <- svytotal(form(sprintf("`%s`", x)), d, na.rm = TRUE, deff = deff); put("total", x, "", m, wald(m), "wald")
  }
  for (x in spec$ratios) {
    m <- svyratio(form(sprintf("`%s`", x[1])), form(sprintf("`%s`", x[2])), d, na.rm = TRUE, deff = deff)
    ci <- as.numeric(confint(m, df = df))[1:2]
    de <- if (is.logical(deff) && !deff) NA else as.numeric(attr(m, "deff"))
    add(case = case, domain = domain, measure = "ratio", item = paste(x, collapse = "/"), category = "",
        estimate = as.numeric(coef(m)), se = as.numeric(SE(m)), df = df, interval = "wald", low = ci[1], high = ci[2],
        deff = de, capped = FALSE)
  }
  for (x in spec$shares) for (k in sort(unique(na.omit(d$variables[[x]])))) {
    d$variables$yes_ <- as.numeric(d$variables[[x]] == k)
    m <- svymean(~yes_, d, na.rm = TRUE, deff = deff)
    put("share", x, as.character(k), m, wald(m), "wald")
    p <- as.numeric(coef(m))
    if (p > 0 && p < 1 && SE(m) > 0) {
      n <- sum(!is.na(d$variables$yes_) & weights(d) != 0)
      star <- p * (1 - p) / as.numeric(vcov(m)) * (qt(.025, nrow(d) - 1) / qt(.025, df))^2
      ci <- svyciprop(~yes_, d, method = "beta", na.rm = TRUE)
      if (is.null(spec$design$pps) && !below)
        put("share", x, as.character(k), m, as.numeric(attr(ci, "ci")), "korn-graubard", star > n)
      ci <- svyciprop(~yes_, d, method = "xlogit", na.rm = TRUE, df = df)
      put("share", x, as.character(k), m, as.numeric(attr(ci, "ci")), "logit")
    }
  }
  for (x in spec$quantiles) {
    q <- as.numeric(x[[2]])
    there <- d[!is.na(d$variables[[x[[1]]]]), ]  # svyquantile's own df are those of the units that answered
    own <- df_of(there, weights(there))
    m <- svyquantile(form(sprintf("`%s`", x[[1]])), d, q, na.rm = TRUE, interval.type = "mean", qrule = "math", df = own)[[1]]
    add(case = case, domain = domain, measure = "quantile", item = x[[1]], category = as.character(q),
        estimate = m[1], se = m[4], df = own, interval = "woodruff", low = m[2], high = m[3], deff = NA, capped = FALSE)
  }
}

# tests between rows, regressions and calibrated designs of one design (random_designs.py says which items there are)
between <- function(case, d) {
  v <- d$variables
  d <- update(d, t = factor(as.character(v$t)), late = ifelse(v$place == "here", NA, v$y), asked = ifelse(v$place == "here", NA, v$q),
              fewer = ifelse(v$g %in% "small", NA, v$y), no = as.numeric(v$q == "nei"))
  put <- function(name, e) {
    found <- tryCatch(suppressWarnings(e), error = function(err) NULL)
    if (!is.null(found)) tests[[length(tests) + 1]] <<- c(list(case = case, name = name), found)
  }
  t_ <- function(m) list(estimate = as.numeric(m$estimate), t = as.numeric(m$statistic), df = as.numeric(m$parameter), p = as.numeric(m$p.value))
  x_ <- function(m) list(F = as.numeric(m$statistic), df1 = as.numeric(m$parameter)[1], df2 = as.numeric(m$parameter)[2], p = as.numeric(m$p.value))
  g_ <- function(g, k) { s <- summary(g)$coefficients[k, ]; list(estimate = s[[1]], se = s[[2]], t = s[[3]], p = s[[4]], df = g$df.residual) }
  c_ <- function(m) list(estimate = as.numeric(coef(m)), se = as.numeric(SE(m)))
  q_ <- function(x, d) { own <- df_there(d, x); m <- svyquantile(form(x), d, 0.3, na.rm = TRUE, df = own)[[1]]; list(estimate = m[1], se = m[4], df = own) }
  df_there <- function(d, x) { s <- d[!is.na(d$variables[[x]]), ]; degf(s) }
  ask <- function(name, d) {
    put(paste(name, "t"), t_(svyttest(y ~ t, d)))
    put(paste(name, "t, a stratum without answers"), t_(svyttest(late ~ t, d)))
    put(paste(name, "chi2"), x_(svychisq(~q + t, d)))
    put(paste(name, "chi2, a stratum without answers"), x_(svychisq(~asked + t, d)))
    put(paste(name, "linear"), g_(svyglm(y ~ x + g, d), "x"))
    put(paste(name, "linear, a category without answers"), g_(svyglm(fewer ~ g + x, d), "gmid"))
    put(paste(name, "linear, a stratum without answers"), g_(svyglm(late ~ x, d), "x"))
    put(paste(name, "logistic"), g_(svyglm(no ~ x + t, d, family = quasibinomial()), "x"))
    put(paste(name, "contrast"), c_(svycontrast(svyby(~x, ~t, d, svymean, covmat = TRUE), c(-1, 1))))
    put(paste(name, "quotient"), c_(svycontrast(svyby(~x, ~t, d, svytotal, covmat = TRUE), quote(`TRUE` / `FALSE`))))
    put(paste(name, "mean"), c(c_(svymean(~late, d, na.rm = TRUE)), df = degf(d)))
    put(paste(name, "quantile"), q_("late", d))
  }
  ask("", d)
  n <- sum(weights(d))
  sex <- data.frame(t = c("FALSE", "TRUE"), Freq = c(0.55, 0.45) * n); at <- data.frame(place = c("here", "there"), Freq = c(0.35, 0.65) * n)
  ask("poststratified", tryCatch(postStratify(d, ~t, sex), error = function(e) NULL))
  ask("raked", tryCatch(rake(d, list(~t, ~place), list(sex, at), control = list(maxit = 900, epsilon = 1e-13)), error = function(e) NULL))
  ask("GREG", tryCatch(calibrate(d, ~x + t, c(`(Intercept)` = n, x = 3.3 * n, tTRUE = 0.45 * n)), error = function(e) NULL))
}

# a domain with nobody to average stops svymean: what is not estimable has no row here
attempt <- function(...) tryCatch(one(...), error = function(e) message(..1, " ", ..2, ": ", conditionMessage(e)))

for (case in names(cases)) {
  spec <- cases[[case]]
  data <- read(spec$data)
  d <- design_of(spec$design, data)
  spec$expands <- min(weights(d)) >= 1 && sum(weights(d)) > nrow(data) * (1 + 1e-9)
  attempt(case, "all", d, spec)
  if (isTRUE(spec$tests)) between(case, d)
  for (g in spec$by) {
    groups <- unique(na.omit(d$variables[, g, drop = FALSE]))
    for (i in seq_len(nrow(groups))) {
      d$variables$inside_ <- Reduce(`&`, lapply(g, function(n) d$variables[[n]] %in% groups[i, n]))
      attempt(case, paste(paste0(g, "=", sapply(groups[i, ], as.character)), collapse = ";"), subset(d, inside_), spec)
    }
  }
}
about <- list(software = paste("R", getRversion(), "survey", packageVersion("survey")), script = "survey.R", rows = rows)
if (length(tests)) about$tests <- tests
write(toJSON(about, digits = I(17), auto_unbox = TRUE, na = "null"), args[3])
