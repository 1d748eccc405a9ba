/* What is put after a C program to evaluate its cases: each value is written as JSON on the descriptor argv[1]. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static FILE *harness_report;
static void harness_text(const char *value) {
  if (!value) { fputs("null", harness_report); return; }
  fputc('"', harness_report);
  for (; *value; value++) {
    unsigned char c = (unsigned char)*value;
    if (c == '"' || c == '\\') fprintf(harness_report, "\\%c", c);
    else if (c < 0x20) fprintf(harness_report, "\\u%04x", c);
    else fputc(c, harness_report);
  }
  fputc('"', harness_report);
}
static void harness_bool(bool value) { fputs(value ? "true" : "false", harness_report); }
static void harness_char(char value) { char both[2] = {value, 0}; harness_text(both); }
static void harness_signed(long long value) { fprintf(harness_report, "%lld", value); }
static void harness_unsigned(unsigned long long value) { fprintf(harness_report, "%llu", value); }
static void harness_double(double value) {
  if (isfinite(value)) fprintf(harness_report, "%.17g", value);
  else fprintf(harness_report, "{\"float\": \"%s\"}", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
}
#define HARNESS_VALUE(value) _Generic((value), bool: harness_bool, char: harness_char, \
  signed char: harness_signed, short: harness_signed, int: harness_signed, long: harness_signed, \
  long long: harness_signed, unsigned char: harness_unsigned, unsigned short: harness_unsigned, \
  unsigned int: harness_unsigned, unsigned long: harness_unsigned, unsigned long long: harness_unsigned, \
  float: harness_double, double: harness_double, char *: harness_text, const char *: harness_text)(value)

int main(int count, char **arguments) {
  (void)count;
  harness_report = fdopen(atoi(arguments[1]), "w");
  fputs("{\"loaded\": true}\n", harness_report);
  fflush(harness_report);
/*CASES*/
  _Exit(0);
}
