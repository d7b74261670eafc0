# Known answers beyond plain estimates: calibration, differences, tests, regression, replicates, trimming, factor analysis.
# Run from this folder: Rscript more.R more.json
suppressMessages({library(survey); library(jsonlite)})
out <- list()
put <- function(name, ...) out[[name]] <<- list(...)
ci <- function(m, df) as.numeric(confint(m, df = df))[1:2]
a <- read.csv("synthetic_a.csv", stringsAsFactors = TRUE, na.strings = c("", "NA"))
a$ja <- as.numeric(a$satisfied == "ja")
d <- svydesign(ids = ~unit, strata = ~region, weights = ~weight, data = a)
f <- svydesign(ids = ~unit, strata = ~region, weights = ~weight, fpc = ~units_there, data = a)
e <- svydesign(ids = ~1, strata = ~region, weights = ~weight, data = a)
est <- function(name, m, df) put(name, estimate = as.numeric(coef(m)), se = as.numeric(SE(m)), df = df,
                                 low = ci(m, df)[1], high = ci(m, df)[2])

sex <- data.frame(sex = c("kvinne", "mann"), Freq = c(3900, 4800))
size <- data.frame(size = c("large", "small"), Freq = c(5100, 3600))
for (n in c("d", "f", "e")) {
  x <- get(n)
  p <- postStratify(x, ~sex, sex)
  r <- rake(x, list(~sex, ~size), list(sex, size), control = list(maxit = 200, epsilon = 1e-13))
  g <- calibrate(x, ~sex + age, c(`(Intercept)` = 8700, sexmann = 4800, age = 415000))
  for (k in c("p", "r", "g")) {
    y <- get(k)
    est(paste(n, k, "mean income"), svymean(~income, y), degf(y))
    est(paste(n, k, "total hours"), svytotal(~hours, y, na.rm = TRUE), degf(y))
    est(paste(n, k, "ratio"), svyratio(~hours, ~income, y, na.rm = TRUE), degf(y))
    for (v in c("large", "small")) {
      s <- subset(y, size == v)
      est(paste(n, k, "mean income", v), svymean(~income, s), degf(s))
      est(paste(n, k, "satisfied", v), svymean(~ja, s, na.rm = TRUE), degf(s))
    }
  }
}
t <- function(name, m) put(name, estimate = as.numeric(m$estimate), t = as.numeric(m$statistic), df = as.numeric(m$parameter),
                           p = as.numeric(m$p.value), low = m$conf.int[1], high = m$conf.int[2])
t("ttest sex", svyttest(income ~ sex, d)); t("ttest size", svyttest(hours ~ size, d))
t("ttest regions", svyttest(income ~ region, subset(d, region %in% c("nord", "vest"))))
t("ttest sex f", svyttest(income ~ sex, f)); t("ttest sex e", svyttest(hours ~ sex, e))
m <- svymean(~q1 + q2 + q3, subset(d, !is.na(q1) & !is.na(q2) & !is.na(q3)))
put("covariance", v = as.numeric(vcov(m)))
w <- svymean(~hours + income, subset(d, !is.na(hours)))
cn <- svycontrast(w, c(10, -1)); put("contrast", estimate = as.numeric(coef(cn)), se = as.numeric(SE(cn)))
for (s in c("F", "Chisq")) {
  x <- svychisq(~satisfied + sex, d, statistic = s); put(paste("chisq 2x2", s), statistic = as.numeric(x$statistic), parameter = as.numeric(x$parameter), p = as.numeric(x$p.value))
  x <- svychisq(~q1 + region, f, statistic = s); put(paste("chisq 6x5", s), statistic = as.numeric(x$statistic), parameter = as.numeric(x$parameter), p = as.numeric(x$p.value))
}
reg <- function(name, g) { s <- summary(g)$coefficients
  put(name, estimate = as.numeric(s[, 1]), se = as.numeric(s[, 2]), t = as.numeric(s[, 3]), p = as.numeric(s[, 4]), df = g$df.residual) }
g <- svyglm(income ~ age + sex + region, d); reg("linear d", g)
x <- regTermTest(g, ~region); put("wald region", F = as.numeric(x$Ftest), ddf = x$ddf, p = as.numeric(x$p))
reg("linear f", svyglm(hours ~ age + sex, f)); reg("linear e", svyglm(hours ~ age + sex, e))
reg("logistic d", svyglm(I(satisfied == "nei") ~ age + size, d, family = quasibinomial()))
reg("logistic f", svyglm(I(satisfied == "nei") ~ income + sex, f, family = quasibinomial()))
reg("linear calibrated", svyglm(income ~ age + sex, postStratify(d, ~size, size)))
pairs <- subset(a, unit %in% unlist(tapply(as.character(a$unit), a$region, function(u) sort(unique(u))[1:2])))
pairs$unit <- droplevels(pairs$unit)
dp <- svydesign(ids = ~unit, strata = ~region, weights = ~weight, data = pairs)
reps <- list(JKn = as.svrepdesign(d, type = "JKn"), JKnf = as.svrepdesign(f, type = "JKn"),
             JK1 = as.svrepdesign(svydesign(ids = ~unit, weights = ~weight, data = a), type = "JK1"),
             BRR = as.svrepdesign(dp, type = "BRR"), Fay = as.svrepdesign(dp, type = "Fay", fay.rho = 0.3))
for (n in names(reps)) put(paste("replicates", n), mean = as.numeric(SE(svymean(~income, reps[[n]]))),
  total = as.numeric(SE(svytotal(~income, reps[[n]]))), ratio = as.numeric(SE(svyratio(~hours, ~income, reps[[n]], na.rm = TRUE))),
  share = as.numeric(SE(svymean(~ja, reps[[n]], na.rm = TRUE))))
tw <- weights(trimWeights(e, upper = 20, lower = 6, strict = TRUE)); put("trim", weights = as.numeric(tw))
pr <- c(0.04, 0.2, 0.001, 0.03, 0.5, 0.0499, 0.03); put("adjust", holm = p.adjust(pr, "holm"), bh = p.adjust(pr, "BH"), bonferroni = p.adjust(pr, "bonferroni"))
set <- read.csv("scale.csv"); fa <- factanal(covmat = list(cov = cov(set), n.obs = nrow(set)), factors = 1, control = list(opt = list(factr = 1)))
put("factanal", loadings = as.numeric(fa$loadings))
k <- ncol(set); put("alpha", alpha = k / (k - 1) * (1 - sum(diag(cov(set))) / sum(cov(set))), item_rest = sapply(1:k, function(i) cor(set[[i]], rowSums(set[-i]))))
# two waves, the same units in both: one design with both waves' answers
b <- read.csv("synthetic_b.csv", stringsAsFactors = TRUE, na.strings = c("", "NA")); b$ja <- as.numeric(b$satisfied == "ja")
both <- intersect(levels(a$unit), levels(b$unit))
aa <- subset(a, unit %in% both); bb <- subset(b, unit %in% both)
aa$wave <- "a"; bb$wave <- "b"; st <- rbind(aa, bb); st$unit <- as.character(st$unit)
ds <- svydesign(ids = ~unit, strata = ~region, weights = ~weight, data = st)
for (v in c("income", "q1", "hours")) { g <- svyglm(as.formula(paste(v, "~ wave")), ds)
  put(paste("change", v), estimate = as.numeric(coef(g)[2]), se = as.numeric(SE(g)[2])) }
# every unit in the other wave is another: independent waves
put("relative weights", r2 = summary(lm(income ~ age + q1 + q2, data = a))$r.squared)
# chances of answering, all orders of entry, and shrunken means of a random-intercept model
a$heard <- as.numeric(!is.na(a$hours))
put("propensity", fitted = as.numeric(fitted(glm(heard ~ age + sex + size, family = quasibinomial(), data = a, weights = weight / mean(weight)))))
orders <- function(x) if (length(x) < 2) list(x) else do.call(c, lapply(seq_along(x), function(i) lapply(orders(x[-i]), function(r) c(x[i], r))))
r2 <- function(v) if (length(v)) summary(lm(as.formula(paste("s5 ~", paste(v, collapse = "+"))), set))$r.squared else 0
items <- paste0("s", 1:4); gains <- sapply(orders(items), function(o) sapply(items, function(i) { k <- match(i, o); r2(o[1:k]) - r2(o[seq_len(k - 1)]) }))
put("shapley", weight = as.numeric(rowMeans(gains)), r2 = r2(items))
long <- data.frame(unit = rep(seq_len(nrow(set)), each = 5), y = as.numeric(base::t(as.matrix(set))))
suppressMessages(library(lme4)); fit <- lmer(y ~ 1 + (1 | unit), long, control = lmerControl(optCtrl = list(xtol_rel = 1e-14, ftol_abs = 1e-16, maxeval = 1e5)))
vc <- as.data.frame(VarCorr(fit))$vcov
put("shrunken", means = as.numeric(coef(fit)$unit[, 1]), between = vc[1], within = vc[2])
about <- list(software = paste("R", getRversion(), "survey", packageVersion("survey")), script = "more.R", answers = out)
write(toJSON(about, digits = I(17), auto_unbox = TRUE, na = "null"), commandArgs(trailingOnly = TRUE)[1])
