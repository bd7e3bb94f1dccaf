/** What /metrics and the User-Agent say. */
export const version = '0.1.0';
