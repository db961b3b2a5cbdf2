// What Swift needs beside curl.h: libcurl's setters are variadic, which Swift cannot call, so there
// is one inline function per type of argument.
#pragma once
#include <curl/curl.h>

static inline CURLcode latchkey_curl_set_long(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode latchkey_curl_set_string(CURL *handle, CURLoption option,
                                                const char *value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode latchkey_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode latchkey_curl_get_long(CURL *handle, CURLINFO info, long *value) {
  return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode latchkey_curl_get_microseconds(CURL *handle, CURLINFO info,
                                                      curl_off_t *value) {
  return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode latchkey_curl_set_writer(CURL *handle, CURLoption option,
                                                curl_write_callback callback) {
  return curl_easy_setopt(handle, option, callback);
}
static inline CURLcode latchkey_curl_set_reader(CURL *handle, curl_read_callback callback) {
  return curl_easy_setopt(handle, CURLOPT_READFUNCTION, callback);
}
static inline CURLcode latchkey_curl_set_socket_opener(CURL *handle,
                                                       curl_opensocket_callback callback) {
  return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, callback);
}
static inline CURLcode latchkey_curl_set_socket_closer(CURL *handle,
                                                       curl_closesocket_callback callback) {
  return curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, callback);
}
static inline CURLcode latchkey_curl_set_before_request(CURL *handle,
                                                        curl_prereq_callback callback) {
  return curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, callback);
}
static inline CURLcode latchkey_curl_set_tls_setup(CURL *handle, curl_ssl_ctx_callback callback) {
  return curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, callback);
}
static inline CURLMcode latchkey_curl_multi_set_long(CURLM *multi, CURLMoption option,
                                                     long value) {
  return curl_multi_setopt(multi, option, value);
}
