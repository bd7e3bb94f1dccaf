/** What /metrics and the User-Agent say; the image's build replaces `commit`. */
export const build = { version: '0.1.0', commit: 'unknown' } as const;
