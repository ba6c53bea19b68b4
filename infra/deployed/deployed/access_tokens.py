"""Access tokens, which any back end can check with the portal's published keys."""

import base64
import json
import time

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from .checks import expect, require
from .web import Browser


def check_off(browser):
    """A portal that issues no access tokens has neither keys nor the documents about them."""
    browser.send("/auth/token").expect_problem(404, "not-found")
    for document in ("openid-configuration", "jwks.json"):
        browser.get(f"/.well-known/{document}").expect_problem(404, "not-found")


def check_on(stack, browser):
    """The key in KMS signs a token with the session's claims, and its public half is published. Without a session there
    is no token."""
    token = browser.send("/auth/token").expect_status(200).json()["access_token"]
    browser.secrets.add(token)
    me = browser.get("/auth/me").expect_status(200).json()
    header, claims = (json.loads(_decode(part)) for part in token.split(".")[:2])
    expect("The type and algorithm of the token", (header["typ"], header["alg"]), ("at+jwt", "RS256"))
    issuer = stack.outputs["ApiUrl"]
    configuration = stack.api.call("GET", "/.well-known/openid-configuration").expect_status(200).json()
    expect("The published issuer", configuration["issuer"], issuer)
    expected = (issuer, issuer, me["id"], me["email"], me["session"]["id"])
    expect("The claims", tuple(claims[name] for name in ("iss", "aud", "sub", "email", "sid")), expected)
    require(0 < claims["exp"] - time.time() <= 300, "The token is not valid for at most five minutes.")
    keys = stack.api.call("GET", "/.well-known/jwks.json").expect_status(200).json()["keys"]
    expect("The published keys", [key["kid"] for key in keys], [header["kid"]])
    _verify(token, keys[0])
    Browser(stack.api).send("/auth/token").expect_problem(401, "not-authenticated")
    bearer = {"authorization": f"Bearer {token}"}
    stack.api.call("GET", "/auth/me", bearer).expect_problem(401, "not-authenticated")


def _verify(token, key):
    """Raises InvalidSignature unless this key has signed the token."""
    signed, signature = token.rsplit(".", 1)
    exponent, modulus = (int.from_bytes(_decode(key[name])) for name in ("e", "n"))
    public = RSAPublicNumbers(exponent, modulus).public_key()
    public.verify(_decode(signature), signed.encode(), PKCS1v15(), SHA256())


def _decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
