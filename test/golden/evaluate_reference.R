# evaluate_reference.R: DeLong intervals and the paired test by pROC, McNemar's and exact tests by R's stats,
# for evaluate.sql.  Reads rows y,a,b (label 0/1 and two probabilities) from standard input, prints rows
# "metric,value,low,high".  Prints nothing where pROC is not installed.
input <- file("stdin")
rows <- read.csv(input)
if (!suppressWarnings(requireNamespace("pROC", quietly = TRUE))) quit()
suppressMessages(library(pROC))
out <- function(metric, value, low = NA, high = NA) cat(sprintf("%s,%.17g,%s,%s\n", metric, value,
  if (is.na(low)) "" else sprintf("%.17g", low), if (is.na(high)) "" else sprintf("%.17g", high)))
a <- roc(rows$y, rows$a, direction = "<", quiet = TRUE)
b <- roc(rows$y, rows$b, direction = "<", quiet = TRUE)
for (r in list(list("auc_a", a), list("auc_b", b))) {
  ci <- as.numeric(ci.auc(r[[2]], method = "delong"))
  out(r[[1]], ci[2], ci[1], ci[3])
}
test <- roc.test(a, b, method = "delong", paired = TRUE)
out("delong_p", test$p.value)
difference <- as.numeric(auc(a)) - as.numeric(auc(b))
half <- qnorm(0.975) * difference / as.numeric(test$statistic)
out("delong_difference", difference, difference - half, difference + half)
right <- cbind((rows$a > 0.5) == rows$y, (rows$b > 0.5) == rows$y)
only <- c(sum(right[, 1] & !right[, 2]), sum(!right[, 1] & right[, 2]))
out("mcnemar_exact", binom.test(only[1], sum(only))$p.value)
out("mcnemar_chi2", mcnemar.test(matrix(c(1, only[1], only[2], 1), 2))$p.value)
accuracy <- binom.test(sum(right[, 1]), nrow(rows))
out("accuracy", accuracy$estimate, accuracy$conf.int[1], accuracy$conf.int[2])
paired <- t.test((rows$a - rows$y)^2, (rows$b - rows$y)^2, paired = TRUE)
out("brier", paired$estimate, paired$conf.int[1], paired$conf.int[2])
out("brier_p", paired$p.value)
