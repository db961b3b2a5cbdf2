"""Tests of latchkey.py that need no server: python3 -m unittest, in this folder."""

import base64
import hashlib
import hmac
import json
import os
import stat
import tempfile
import threading
import unittest

import latchkey

KEY = bytes(range(24))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
NOW = 1_800_000_000


def signed(body, identity="evt_1", at=NOW, key=KEY):
    message = f"{identity}.{at}.".encode() + body
    text = base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
    return {"Webhook-Id": identity, "webhook-timestamp": str(at), "WEBHOOK-SIGNATURE": f"v1,{text}"}


class Webhooks(unittest.TestCase):
    def setUp(self):
        self.now = NOW
        self.verifier = latchkey.WebhookVerifier(SECRET, clock=lambda: self.now)

    def test_a_signed_one_passes_once(self):
        body = b'{"type":"key.revoked"}'
        self.assertEqual(self.verifier.verify(signed(body), body)["type"], "key.revoked")
        with self.assertRaises(latchkey.DuplicateWebhook):
            self.verifier.verify(signed(body), body)
        self.verifier.forget("evt_1")
        self.verifier.verify(signed(body), body)

    def test_the_published_example(self):
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        body = b'{"test": 2432232314}'
        headers = {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
            "webhook-signature": "v2,x v1a,y v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}
        verifier = latchkey.WebhookVerifier(secret, clock=lambda: 1614265330)
        self.assertEqual(verifier.verify(headers, body)["test"], 2432232314)

    def test_five_minutes_and_no_more(self):
        for late in (-300, 300):
            body = json.dumps({"late": late}).encode()
            self.verifier.verify(signed(body, f"evt_{late}", NOW + late), body)
        for late in (-301, 301):
            with self.assertRaises(latchkey.WebhookError):
                self.verifier.verify(signed(b"{}", f"evt_{late}", NOW + late), b"{}")

    def test_what_is_not_ours(self):
        body = b'{"a":1}'
        good = signed(body)
        for name, value in (
            ("Webhook-Id", "evt_2"), ("webhook-timestamp", str(NOW + 1)), ("webhook-timestamp", "now"),
            ("webhook-timestamp", "-1"), ("WEBHOOK-SIGNATURE", "v1,AAAA"),
            ("WEBHOOK-SIGNATURE", good["WEBHOOK-SIGNATURE"].replace("v1,", "v1a,")),
            ("WEBHOOK-SIGNATURE", "v1,\u00e9"), ("WEBHOOK-SIGNATURE", ""),
        ):
            with self.assertRaises(latchkey.WebhookError, msg=f"{name}: {value}"):
                self.verifier.verify({**good, name: value}, body)
        with self.assertRaises(latchkey.WebhookError):
            self.verifier.verify(good, b'{"a":2}')
        with self.assertRaises(latchkey.WebhookError):
            self.verifier.verify({}, body)
        with self.assertRaises(latchkey.WebhookError):
            self.verifier.verify(list(good.items()) + [("webhook-id", "evt_1")], body)
        self.verifier.verify(good, body)

    def test_a_rotated_secret_passes_beside_the_new_one(self):
        other = "whsec_" + base64.b64encode(b"x" * 24).decode()
        verifier = latchkey.WebhookVerifier([other, SECRET], clock=lambda: NOW)
        verifier.verify(signed(b"{}"), b"{}")

    def test_ids_are_remembered_as_long_as_they_are_believed(self):
        for number in range(50):
            self.verifier.verify(signed(b"{}", f"evt_{number}"), b"{}")
        self.now += 601
        self.verifier.verify(signed(b"{}", "evt_new", self.now), b"{}")
        self.assertEqual(len(self.verifier._seen), 1)

    def test_secrets_that_are_none(self):
        for secret in ("", "whsec_", "whsec_!!!!", "whsec_AAAA", []):
            with self.assertRaises(ValueError):
                latchkey.WebhookVerifier(secret)


class Keys(unittest.TestCase):
    def delivery(self, key, generation=1, **more):
        return json.dumps(
            {"requestId": "r-1", "apiKey": key, "generation": generation, **more}).encode()

    def test_stored_before_it_is_answered_with_the_proof(self):
        store = latchkey.MemoryKeyStore()
        answer = json.loads(latchkey.KeyReceiver(store).receive(self.delivery("new")))
        self.assertEqual(answer["requestId"], "r-1")
        self.assertEqual(
            answer["proof"], hmac.new(b"new", b"r-1", hashlib.sha256).hexdigest())
        self.assertEqual(store.load(), (1, "new"))

    def test_twice_is_once_and_older_ones_replace_nothing(self):
        saved = []

        class Store(latchkey.MemoryKeyStore):
            def save(self, generation, key):
                saved.append(key)
                super().save(generation, key)

        receiver = latchkey.KeyReceiver(Store())
        for key, generation in (("a", 1), ("a", 1), ("c", 3), ("b", 2), ("c", 3)):
            receiver.receive(self.delivery(key, generation))
        self.assertEqual(saved, ["a", "c"])
        self.assertEqual(receiver.key, "c")

    def test_a_test_stores_nothing(self):
        receiver = latchkey.KeyReceiver(latchkey.MemoryKeyStore())
        receiver.receive(self.delivery("dummy", 0, test=True))
        self.assertIsNone(receiver.key)

    def test_what_is_no_delivery(self):
        receiver = latchkey.KeyReceiver(latchkey.MemoryKeyStore())
        for body in (b"", b"[]", b"1", b'{"requestId":"r"}', b'{"requestId":1,"apiKey":"k"}',
                     b'{"requestId":"r","apiKey":""}', b'{"requestId":"r","apiKey":"k","generation":"1"}'):
            with self.assertRaises(latchkey.DeliveryError, msg=body):
                receiver.receive(body)
        self.assertIsNone(receiver.key)

    def test_a_store_that_fails_is_not_answered(self):
        class Store(latchkey.MemoryKeyStore):
            def save(self, *_):
                raise OSError("disk full")

        with self.assertRaises(OSError):
            latchkey.KeyReceiver(Store()).receive(self.delivery("new"))

    def test_the_file_is_whole_and_its_owners_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "key.json")
            receiver = latchkey.KeyReceiver(latchkey.FileKeyStore(path))
            threads = [
                threading.Thread(target=receiver.receive, args=(self.delivery(f"k{n}", n),))
                for n in range(1, 20)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(latchkey.KeyReceiver(latchkey.FileKeyStore(path)).key, "k19")
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            self.assertEqual(os.listdir(folder), ["key.json"])


class Client(unittest.TestCase):
    def test_no_secret_is_printed(self):
        client = latchkey.Latchkey("http://127.0.0.1:1", "lk_op_secret", timeout=1)
        with self.assertRaises(latchkey.Unreachable) as caught:
            client.verify(key="also_secret")
        for text in (repr(client), str(caught.exception), repr(caught.exception.__cause__)):
            self.assertNotIn("secret", text)

    def test_a_verdict_is_true_only_where_it_says_so(self):
        self.assertTrue(latchkey.Verdict(valid=True))
        for verdict in ({}, {"valid": False}, {"valid": "true"}, {"valid": 1}):
            self.assertFalse(latchkey.Verdict(verdict))


if __name__ == "__main__":
    unittest.main()
