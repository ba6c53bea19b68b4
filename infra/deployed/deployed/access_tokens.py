"""Access tokens, which any back end can check with the portal's published keys."""

import base64
import json
import time

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from . import gateway
from .checks import expect, require
from .jwt_api import JwtApi
from .web import Browser

THREE_HOURS = 10_800


def check_off(browser):
    """A portal that issues no access tokens has neither keys nor the documents about them."""
    browser.send("/auth/token").expect_problem(404, "not-found")
    for document in ("openid-configuration", "jwks.json"):
        browser.get(f"/.well-known/{document}").expect_problem(404, "not-found")


def check_on(stack, browser, jwt_api):
    """The key in KMS signs a token with the session's claims, and its public half is published. API Gateway's own JWT
    authorizer lets it in. Without a session there is no token."""
    token = _token(browser)
    me = browser.get("/auth/me").expect_status(200).json()
    header, claims = (json.loads(_decode(part)) for part in token.split(".")[:2])
    expect("The type and algorithm of the token", (header["typ"], header["alg"]), ("at+jwt", "RS256"))
    issuer = stack.outputs["ApiUrl"]
    configuration = stack.api.call("GET", "/.well-known/openid-configuration").expect_status(200).json()
    expect("The published issuer", configuration["issuer"], issuer)
    expected = (issuer, issuer, me["id"], me["email"], me["session"]["id"])
    expect("The claims", tuple(claims[name] for name in ("iss", "aud", "sub", "email", "sid")), expected)
    require(0 < claims["exp"] - time.time() <= 300, "The token is not valid for at most five minutes.")
    _verify(token, _published(stack)[header["kid"]])
    Browser(stack.api).send("/auth/token").expect_problem(401, "not-authenticated")
    jwt_api.check(browser, token)
    bearer = {"authorization": f"Bearer {token}"}
    stack.api.call("GET", "/auth/me", bearer).expect_problem(401, "not-authenticated")


def check_keys(stack, browser, jwt_api, expected):
    """All keys of a rotation are published at once. The first one still signs, as verifiers may not know the other.
    Returns a token."""
    expect("The published keys", list(_published(stack)), expected)
    return _check_token(stack, browser, jwt_api, expected[0])


def check_rotated(stack, browser, keys, elsewhere):
    """After a rotation the new key signs, and tokens of the old one are still let in. Those of the portal where
    `elsewhere` is signed in never are.

    The new key is dated back by three hours, and the functions are restarted to read the key ring again.
    """
    jwt_api = JwtApi(stack)
    before = check_keys(stack, browser, jwt_api, keys)
    ring = stack.key_ring()
    ring["access_token_keys"][1]["added_at"] -= THREE_HOURS
    stack.write_key_ring(ring)
    stack.deploy(AccentColor="#7a1fa2")
    gateway.import_body(stack)
    _check_token(stack, browser, jwt_api, keys[1])
    jwt_api.check(browser, before)
    jwt_api.refuse(_token(elsewhere))


def _check_token(stack, browser, jwt_api, kid):
    """Gets a token, which this key has signed and the JWT authorizer lets in. Returns it."""
    token = _token(browser)
    expect("The key that signs", json.loads(_decode(token.split(".")[0]))["kid"], kid)
    _verify(token, _published(stack)[kid])
    jwt_api.check(browser, token)
    return token


def _token(browser):
    token = browser.send("/auth/token").expect_status(200).json()["access_token"]
    browser.secrets.add(token)
    return token


def _published(stack):
    keys = stack.api.call("GET", "/.well-known/jwks.json").expect_status(200).json()["keys"]
    return {key["kid"]: key for key in keys}


def _verify(token, key):
    """Raises InvalidSignature unless this key has signed the token."""
    signed, signature = token.rsplit(".", 1)
    exponent, modulus = (int.from_bytes(_decode(key[name])) for name in ("e", "n"))
    public = RSAPublicNumbers(exponent, modulus).public_key()
    public.verify(_decode(signature), signed.encode(), PKCS1v15(), SHA256())


def _decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
