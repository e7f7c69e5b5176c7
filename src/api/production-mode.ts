/**
 * Grafast warns when it is not told, and its development mode prints plans and accepts slower checks. It is for
 * those who write plans; set GRAPHILE_ENV=development to have it.
 */
process.env['GRAPHILE_ENV'] ??= 'production';
