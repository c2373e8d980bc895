#include "fetch/batch_hasher.hpp"

#ifdef FANFETCH_HAS_IPSEC_MB
#include <intel-ipsec-mb.h>
#endif

namespace fanfetch {
namespace {

/// Below so many a batch costs more than its bodies one by one: the lanes run in step, full or not.
constexpr std::size_t least_to_pay = 3;

}  // namespace

#ifdef FANFETCH_HAS_IPSEC_MB

/// The library's manager: it collects jobs until its lanes are full. It is made for the first
/// batch: with it come some three megabytes of the library's code, which an idle service can do
/// without.
class BatchHasher::Lanes {
public:
    /// False: the library refused one, and the digests are not to be trusted.
    [[nodiscard]] bool digest(std::span<const Body> bodies) {
        if (!tried_) {
            begin();
        }
        if (!manager_) {
            return false;
        }
        std::size_t done = 0;
        for (const auto& body : bodies) {
            IMB_JOB* job = IMB_GET_NEXT_JOB(manager_.get());
            *job = {};
            job->cipher_mode = IMB_CIPHER_NULL;
            job->cipher_direction = IMB_DIR_ENCRYPT;
            job->chain_order = IMB_ORDER_HASH_CIPHER;
            job->hash_alg = IMB_AUTH_SHA_256;
            job->src = reinterpret_cast<const std::uint8_t*>(body.bytes.data());
            job->msg_len_to_hash_in_bytes = body.bytes.size();
            job->auth_tag_output = body.digest->data();
            job->auth_tag_output_len_in_bytes = body.digest->size();
            for (job = IMB_SUBMIT_JOB(manager_.get()); job != nullptr;
                 job = IMB_GET_COMPLETED_JOB(manager_.get())) {
                done += job->status == IMB_STATUS_COMPLETED ? 1 : 0;
            }
        }
        while (const IMB_JOB* job = IMB_FLUSH_JOB(manager_.get())) {
            done += job->status == IMB_STATUS_COMPLETED ? 1 : 0;
        }
        return done == bodies.size();
    }

private:
    struct Free {
        void operator()(IMB_MGR* manager) const noexcept { free_mb_mgr(manager); }
    };

    void begin() {
        tried_ = true;
        manager_.reset(alloc_mb_mgr(0));
        if (manager_) {
            init_mb_mgr_auto(manager_.get(), nullptr);
        }
        if (imb_get_errno(manager_.get()) != 0) {
            manager_.reset();
        }
    }

    bool tried_ = false;
    std::unique_ptr<IMB_MGR, Free> manager_;  // none: not tried, or not on this machine
};

#else

class BatchHasher::Lanes {
public:
    [[nodiscard]] bool digest(std::span<const Body>) { return false; }
};

#endif

BatchHasher::BatchHasher() : lanes_{std::make_unique<Lanes>()} {}
BatchHasher::~BatchHasher() = default;

void BatchHasher::digest(std::span<const Body> bodies) {
    if (bodies.size() >= least_to_pay && lanes_->digest(bodies)) {
        return;
    }
    for (const auto& body : bodies) {
        single_.reset();
        single_.update(body.bytes);
        *body.digest = single_.digest();
    }
}

}  // namespace fanfetch
