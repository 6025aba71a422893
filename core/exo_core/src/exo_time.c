#include "exo_time.h"

#include <string.h>

#define DAY_S 86400u
#define FIRST_YEAR 1970u
#define LAST_YEAR 2105u
#define SECONDS_TEXT 19u /* up to the seconds */

static const char PATTERN[] = "dddd-dd-ddTdd:dd:dd"; /* d: a digit */

static bool leap(uint32_t year) { return year % 4u == 0 && (year % 100u != 0 || year % 400u == 0); }

static uint32_t days_in(uint32_t year, uint32_t month) {
    static const uint8_t DAYS[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2u && leap(year) ? 29u : DAYS[month - 1u];
}

static uint32_t number_at(const uint8_t *text, uint32_t digits) {
    uint32_t value = 0;
    for (uint32_t i = 0; i < digits; i++) {
        value = 10u * value + (uint32_t)(text[i] - '0');
    }
    return value;
}

static bool looks_like_a_time(exo_bytes text) {
    for (uint32_t i = 0; i < SECONDS_TEXT; i++) {
        const bool digit = text.at[i] >= '0' && text.at[i] <= '9';
        if (PATTERN[i] == 'd' ? !digit : text.at[i] != (uint8_t)PATTERN[i]) {
            return false;
        }
    }
    return true;
}

/* What follows the seconds: a fraction or none, then nothing or UTC. Another zone would be another moment. */
static bool ends_in_utc(exo_bytes text) {
    static const char ZONE[] = "+00:00";
    size_t at = SECONDS_TEXT;
    if (at < text.length && text.at[at] == '.') {
        at++;
        while (at < text.length && text.at[at] >= '0' && text.at[at] <= '9') {
            at++;
        }
    }
    const size_t left = text.length - at;
    return left == 0 || (left == 1 && text.at[at] == 'Z') ||
           (left == sizeof ZONE - 1u && memcmp(text.at + at, ZONE, left) == 0);
}

bool exo_time_read(exo_bytes text, uint32_t *utc_s) {
    if (text.length < SECONDS_TEXT || !looks_like_a_time(text) || !ends_in_utc(text)) {
        return false;
    }
    const uint32_t year = number_at(text.at, 4), month = number_at(text.at + 5, 2), day = number_at(text.at + 8, 2);
    const uint32_t hour = number_at(text.at + 11, 2), minute = number_at(text.at + 14, 2);
    const uint32_t second = number_at(text.at + 17, 2);
    if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12 || day < 1 || day > days_in(year, month) ||
        hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    uint32_t days = day - 1u;
    for (uint32_t before = FIRST_YEAR; before < year; before++) {
        days += leap(before) ? 366u : 365u;
    }
    for (uint32_t before = 1; before < month; before++) {
        days += days_in(year, before);
    }
    *utc_s = days * DAY_S + 3600u * hour + 60u * minute + second;
    return true;
}

static void put_digits(char *at, uint32_t value, int digits) {
    for (int i = digits - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10u);
        value /= 10u;
    }
}

void exo_time_write(uint32_t utc_s, char text[EXO_TIME_TEXT]) {
    uint32_t days = utc_s / DAY_S, left = utc_s % DAY_S, year = FIRST_YEAR, month = 1;
    for (; days >= (leap(year) ? 366u : 365u); year++) {
        days -= leap(year) ? 366u : 365u;
    }
    for (; days >= days_in(year, month); month++) {
        days -= days_in(year, month);
    }
    memcpy(text, "0000-00-00T00:00:00", EXO_TIME_TEXT);
    put_digits(text, year, 4);
    put_digits(text + 5, month, 2);
    put_digits(text + 8, days + 1u, 2);
    put_digits(text + 11, left / 3600u, 2);
    put_digits(text + 14, left / 60u % 60u, 2);
    put_digits(text + 17, left % 60u, 2);
}

uint32_t exo_clock_now(const exo_clock *clock, uint64_t now_us) {
    const uint64_t passed_s = now_us > clock->told_us ? (now_us - clock->told_us) / 1000000u : 0;
    if (clock->utc_s == 0) {
        return 0;
    }
    return passed_s < UINT32_MAX - clock->utc_s ? clock->utc_s + (uint32_t)passed_s : UINT32_MAX;
}

bool exo_clock_tell(exo_clock *clock, uint32_t utc_s, uint32_t earliest_s, uint64_t now_us) {
    const uint32_t known_s = exo_clock_now(clock, now_us);
    const uint32_t least_s = known_s > earliest_s ? known_s : earliest_s;
    if (utc_s == 0 || (utc_s < least_s && least_s - utc_s > EXO_TIME_SLACK_S)) {
        return false;
    }
    if (utc_s >= least_s || known_s == 0) {
        clock->utc_s = utc_s > least_s ? utc_s : least_s;
        clock->told_us = now_us;
    }
    return true;
}
