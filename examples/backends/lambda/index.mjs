// A Lambda function behind the authorizer. The gateway calls it for signed-in users only.
const problem = (type, more) => ({
  statusCode: 401,
  headers: { "content-type": "application/problem+json" },
  body: JSON.stringify({ type: `urn:vestibule:problem:${type}`, status: 401, ...more }),
});

/** Returns a problem unless the user has proved within `seconds` that it is them. */
function requireRecent(user, seconds) {
  const age = Date.now() / 1000 - Number(user.auth_time);
  return age > seconds ? problem("reauthentication-required", { max_age: seconds }) : null;
}

export async function handler(event) {
  const user = event.requestContext.authorizer.lambda;
  const isPayment = event.rawPath.endsWith("/payments");
  const refused = isPayment ? requireRecent(user, 300) : null;
  if (refused) return refused;
  const { user_id, email, role, resources } = user;
  const body = JSON.stringify({ id: user_id, email, role, resources: JSON.parse(resources) });
  return { statusCode: 200, headers: { "content-type": "application/json" }, body };
}
