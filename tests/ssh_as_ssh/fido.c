/* A FIDO key in software, for tests: its handle is the private key. */
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct enrolled { uint8_t flags; uint8_t *key; size_t key_len; uint8_t *handle; size_t handle_len; struct { uint8_t *data; size_t len; } more[3]; };
struct made { uint8_t flags; uint32_t counter; uint8_t *r; size_t r_len; uint8_t *s; size_t s_len; };

uint32_t sk_api_version(void) { return 0x000a0000; }

int sk_enroll(uint32_t alg, const uint8_t *challenge, size_t challenge_len, const char *application, uint8_t flags,
              const char *pin, void **options, struct enrolled **out) {
    struct enrolled *e = calloc(1, sizeof *e);
    if (alg != 1) return -2;
    e->flags = flags;
    e->handle = malloc(e->handle_len = 32);
    e->key = malloc(e->key_len = 32);
    RAND_bytes(e->handle, 32);
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, e->handle, 32);
    EVP_PKEY_get_raw_public_key(key, e->key, &e->key_len);
    for (int i = 0; i < 3; i++) e->more[i].data = calloc(1, 1);
    *out = e;
    return 0;
}

int sk_sign(uint32_t alg, const uint8_t *data, size_t len, const char *application, const uint8_t *handle, size_t handle_len,
            uint8_t flags, const char *pin, void **options, struct made **out) {
    uint8_t text[69] = {0};
    struct made *m = calloc(1, sizeof *m);
    m->flags = text[32] = flags;
    SHA256((const uint8_t *)application, strlen(application), text);
    SHA256(data, len, text + 37);
    m->r = malloc(m->r_len = 64);
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, handle, handle_len);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, NULL, NULL, NULL, key);
    EVP_DigestSign(context, m->r, &m->r_len, text, sizeof text);
    *out = m;
    return 0;
}

int sk_load_resident_keys(const char *pin, void **options, void ***keys, size_t *count) { *count = 0; return 0; }
