#!/usr/bin/python3 -u
"""A helper for the device flow of OpenID Connect (RFC 8628): the user opens a page anywhere and types a code there.

    PolicyHelper device /etc/sallyport/helpers/device.py /etc/sallyport/device.json

The file, which only the helper's account may read:

    {"issuer": "https://id.example.net", "client_id": "ssh-gateway", "client_secret": "…", "scope": "openid profile"}

Request   {"begin": true}
Result    {"flow": "…", "code": "WDJB-MJHT", "url": "https://id.example.net/device"}
Request   {"wait": "…"}         the flow; answered when the user has answered, or the code has expired
Result    {"ok": true, "user": "alice"}  or  {"ok": false, "why": "access_denied"}

The user's name is the claim preferred_username of the issuer's userinfo endpoint, asked with the token that came: so no
signature needs to be checked here, TLS tells who says it.
"""
import json
import secrets
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
TIMEOUT_S = 4
FLOWS_MOST = 1000  # begun and not over
CLAIM = "preferred_username"

flows = {}
lock = threading.Lock()


def fetch(url, form=None, token=None):
    """Gives the JSON object that the server answers with, and whether it is an error."""
    data = urllib.parse.urlencode(form).encode() if form else None
    request = urllib.request.Request(url, data, {"Accept": "application/json"})
    if token:
        request.add_header("Authorization", "Bearer " + token)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return json.load(answer), False
    except urllib.error.HTTPError as e:
        return json.load(e), True  # RFC 6749 5.2


class Issuer:
    def __init__(self, settings):
        self.settings = settings
        self.known = None

    def url(self, name):
        if self.known is None:
            self.known, _ = fetch(self.settings["issuer"].rstrip("/") + "/.well-known/openid-configuration")
        return self.known[name]

    def form(self, **more):
        own = {k: self.settings[k] for k in ("client_id", "client_secret") if k in self.settings}
        return {**own, **more}

    def begin(self):
        said, wrong = fetch(self.url("device_authorization_endpoint"),
                            self.form(scope=self.settings.get("scope", "openid profile")))
        if wrong:
            raise ValueError(said.get("error", "refused"))
        flow = secrets.token_urlsafe(16)
        now = time.monotonic()
        with lock:
            for old in [k for k, f in flows.items() if f["until"] < now]:
                del flows[old]
            if len(flows) >= FLOWS_MOST:
                raise ValueError("too many logins are under way")
            flows[flow] = {"device_code": said["device_code"], "interval": said.get("interval", 5),
                           "until": now + said["expires_in"]}
        return {"flow": flow, "code": said["user_code"], "url": said["verification_uri"]}

    def wait(self, flow):
        with lock:
            f = flows.pop(flow, None)  # each is waited for once
        if f is None:
            return {"ok": False, "why": "no such login"}
        interval = f["interval"]
        while time.monotonic() < f["until"]:
            said, wrong = fetch(self.url("token_endpoint"),
                                self.form(grant_type=GRANT, device_code=f["device_code"]))
            if not wrong:
                who, wrong = fetch(self.url("userinfo_endpoint"), token=said["access_token"])
                return {"ok": True, "user": who[CLAIM]} if not wrong else {"ok": False, "why": "no userinfo"}
            if said.get("error") == "slow_down":  # RFC 8628 3.5
                interval += 5
            elif said.get("error") != "authorization_pending":
                return {"ok": False, "why": said.get("error", "refused")}
            time.sleep(interval)
        return {"ok": False, "why": "expired_token"}


def serve(issuer, asked):
    request = asked["request"]
    try:
        result = issuer.begin() if "begin" in request else issuer.wait(request["wait"])
        line = {"id": asked["id"], "result": result}
    except (OSError, ValueError, KeyError, TypeError) as e:
        line = {"id": asked["id"], "error": "identity provider: %r" % e}
    with lock:
        print(json.dumps(line))


def main():
    with open(sys.argv[1]) as f:
        issuer = Issuer(json.load(f))
    for line in sys.stdin:
        threading.Thread(target=serve, args=(issuer, json.loads(line)), daemon=True).start()


main()
