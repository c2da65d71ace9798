/**
 * Files that are one long table: their length is the length of what they
 * list, and cutting them up would only hide that. Data only, no decisions.
 */
export const TABLES: readonly string[] = [
  "rest/config/settings.ts",
  "sim/model/default_rules.ts",
];
