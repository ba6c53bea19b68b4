"""The events of an HTTP API (payload format 2.0) that functions are invoked with."""

import itertools
import json

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
_numbers = itertools.count(1)


def source_ip():
    """Returns an address in a network that no other request comes from, always of the same length."""
    number = next(_numbers)
    return f"10.{100 + number // 150 % 150}.{100 + number % 150}.100"


def event(method, path, host, body=None, cookies=(), query="", headers=()):
    """Returns the event of a request. `body` is sent as JSON, or as a form if it is text."""
    address = source_ip()
    route = f"{method} {path}"
    all_headers = {
        "accept": "application/json",
        "accept-encoding": "gzip, deflate, br",
        "host": host,
        "origin": f"https://{host}",
        "user-agent": BROWSER,
        "x-amzn-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
        "x-forwarded-for": address,
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }
    context = {
        "accountId": "123456789012",
        "apiId": "abc123",
        "domainName": host,
        "domainPrefix": host.split(".")[0],
        "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": address, "userAgent": BROWSER},
        "requestId": "JKJaXmPLvHcESHA=",
        "routeKey": route,
        "stage": "$default",
        "time": "12/Mar/2020:19:03:58 +0000",
        "timeEpoch": 1583348638390,
    }
    made = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": query,
        "headers": all_headers,
        "requestContext": context,
        "isBase64Encoded": False,
    }
    if query:
        made["queryStringParameters"] = dict(pair.split("=", 1) for pair in query.split("&"))
    if cookies:
        made["cookies"] = list(cookies)
    if body is not None:
        is_form = isinstance(body, str)
        made["body"] = body if is_form else json.dumps(body)
        all_headers["content-type"] = "application/x-www-form-urlencoded" if is_form else "application/json"
        all_headers["content-length"] = str(len(made["body"]))
    all_headers.update(headers)
    return made
