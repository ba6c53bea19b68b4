import os
import time

import jwt
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse

PORTAL = os.environ["PORTAL"]
KEYS = jwt.PyJWKClient(f"{PORTAL}/.well-known/jwks.json")
RULES = {"algorithms": ["RS256"], "issuer": PORTAL, "audience": PORTAL}
app = FastAPI()

def problem(kind, **more):
    body = {"type": f"urn:vestibule:problem:{kind}", "status": 401, **more}
    return JSONResponse(body, 401, media_type="application/problem+json")

app.add_exception_handler(jwt.PyJWTError, lambda *_: problem("not-authenticated"))
app.add_exception_handler(jwt.PyJWKClientConnectionError, lambda *_: Response(status_code=503))

def signed_in(request: Request):
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    key = KEYS.get_signing_key_from_jwt(token)
    verified = jwt.decode_complete(token, key, options={"require": ["exp"]}, **RULES)
    if verified["header"].get("typ") != "at+jwt":
        raise jwt.InvalidTokenError
    return verified["payload"]

@app.get("/whoami")
def whoami(user=Depends(signed_in)):
    return user

@app.post("/payments")
def pay(user=Depends(signed_in)):
    is_recent = time.time() - user["auth_time"] <= 300
    return user if is_recent else problem("reauthentication-required", max_age=300)
