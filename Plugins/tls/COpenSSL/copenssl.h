/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL 3, and what of it are macros, as functions. */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static inline int tls_context_versions(SSL_CTX *context, int least, int most) {
    return SSL_CTX_set_min_proto_version(context, least) && SSL_CTX_set_max_proto_version(context, most);
}
static inline int tls_versions(SSL *ssl, int least, int most) {
    return SSL_set_min_proto_version(ssl, least) && SSL_set_max_proto_version(ssl, most);
}
static inline void tls_context_mode(SSL_CTX *context, long mode) { SSL_CTX_set_mode(context, mode); }
static inline void tls_context_cache(SSL_CTX *context, long mode) { SSL_CTX_set_session_cache_mode(context, mode); }
static inline void tls_context_dh_auto(SSL_CTX *context) { SSL_CTX_set_dh_auto(context, 1); }
static inline int tls_context_fragment(SSL_CTX *context, long bytes) {
    return SSL_CTX_set_max_send_fragment(context, bytes) == 1;
}
static inline void tls_context_read_ahead(SSL_CTX *context, int yes) { SSL_CTX_set_read_ahead(context, yes); }
static inline long tls_context_ticket_keys(SSL_CTX *context, void *keys, long room) {
    return SSL_CTX_get_tlsext_ticket_keys(context, keys, room);
}
static inline long tls_context_take_ticket_keys(SSL_CTX *context, void *keys, long count) {
    return SSL_CTX_set_tlsext_ticket_keys(context, keys, count);
}
static inline int tls_set_name(SSL *ssl, const char *name) { return SSL_set_tlsext_host_name(ssl, name) == 1; }
static inline void tls_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void tls_no_retry(BIO *bio) { BIO_clear_retry_flags(bio); }

static inline int tls_san_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

/* The type of one alternative name, GEN_DNS and so on, and its bytes. */
static inline int tls_san(const GENERAL_NAMES *names, int index, const unsigned char **bytes, int *count) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    const ASN1_STRING  *text = NULL;
    switch (name->type) {
    case GEN_EMAIL: case GEN_DNS: case GEN_URI: text = name->d.ia5; break;
    case GEN_IPADD: text = name->d.iPAddress; break;
    }
    *bytes = text ? ASN1_STRING_get0_data(text) : NULL;
    *count = text ? ASN1_STRING_length(text) : 0;
    return name->type;
}

/* A certificate signed by its own new key, P-256, for ten years. NULL: see ERR_get_error(). */
static inline X509 *tls_make_certificate(const char *name, EVP_PKEY **key) {
    EVP_PKEY *made = EVP_EC_gen("P-256");
    X509     *certificate = X509_new();
    int       good = 0;
    if (made && certificate) {
        unsigned char serial[16];
        BIGNUM       *number = NULL;
        good = RAND_bytes(serial, sizeof serial) == 1;
        serial[0] &= 0x7f;
        number = BN_bin2bn(serial, sizeof serial, NULL);
        good = good && number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate))
            && X509_set_version(certificate, X509_VERSION_3) && X509_gmtime_adj(X509_getm_notBefore(certificate), -3600)
            && X509_gmtime_adj(X509_getm_notAfter(certificate), 10L * 365 * 86400)
            && X509_set_pubkey(certificate, made)
            && X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                          (const unsigned char *)name, -1, -1, 0)
            && X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
        BN_free(number);
        if (good) {
            X509V3_CTX context;
            X509V3_set_ctx_nodb(&context);
            X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
            char               text[300];
            int                isAddress = 0;
            ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
            if (address) isAddress = 1;
            ASN1_OCTET_STRING_free(address);
            snprintf(text, sizeof text, "%s:%s", isAddress ? "IP" : "DNS", name);
            X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, text);
            good = names && X509_add_ext(certificate, names, -1);
            X509_EXTENSION_free(names);
        }
        good = good && X509_sign(certificate, made, EVP_sha256());
    }
    if (!good) {
        X509_free(certificate);
        EVP_PKEY_free(made);
        return NULL;
    }
    *key = made;
    return certificate;
}
